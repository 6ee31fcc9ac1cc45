"""What the JSON API takes and answers, as types, and the OpenAPI description made of them."""
