"""A borrower's statement as a PDF: what it says, and the page."""
