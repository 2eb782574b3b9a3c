"""One module a page: from what was looked up to HTML."""
