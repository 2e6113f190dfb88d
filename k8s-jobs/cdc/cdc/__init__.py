"""Change data capture: tables of Postgres, kept up to date in the lakehouse."""
