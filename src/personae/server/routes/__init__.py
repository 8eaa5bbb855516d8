"""The routes, a module per part of the session."""
