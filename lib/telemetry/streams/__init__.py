"""What AWS lists without end, taken in page by page: of each row a few bytes are kept, and no page."""
