"""What a borrower may do and learn by themselves, through a chat or by SMS."""
