"""The page that people open: one template, plain JavaScript, nothing from elsewhere."""
