"""Texts that give orders to the model which reads them, recognised through disguises."""
