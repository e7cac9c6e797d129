"""Pictures, and the SVG that they are made of."""
