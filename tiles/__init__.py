"""Wing: vector tiles and the styles that draw them."""
