"""A trained model as a service: an HTTP API, and a page for people (extra ``serve``)."""
