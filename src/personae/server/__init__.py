"""The service: a project over HTTP. Thin: a request is parsed, one method of the session is called, and answered."""
