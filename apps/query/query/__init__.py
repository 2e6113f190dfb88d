"""SQL over the lakehouse's Iceberg tables, spoken over Arrow Flight."""
