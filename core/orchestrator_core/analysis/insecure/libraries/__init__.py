"""What single libraries do with what they are given, as tables; ``table_rules`` reads them."""
