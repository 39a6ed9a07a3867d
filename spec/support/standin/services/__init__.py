"""One module a service, one function an operation."""
