"""What the borrower's chat keeps: updates, chats, proofs, conversations."""
