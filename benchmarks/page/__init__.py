"""How quickly people get their names by the page: keys, seconds, and how quickly it draws."""
