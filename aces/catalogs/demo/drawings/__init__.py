"""Who draws the products: a module for each category, with the studio and the lettering."""
