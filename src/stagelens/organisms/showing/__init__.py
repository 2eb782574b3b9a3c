"""Shows a validation: on the terminal, and as the page of the documents."""
