"""How fast the product is, each figure beside a floor taken in the same run on the same database."""
