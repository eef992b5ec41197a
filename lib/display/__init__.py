"""The one place that renders: what foreign text becomes on a page, in Markdown, a terminal, a figure or a shell."""
