"""The streaming job: events from Kafka into the tables and KPIs of the lakehouse."""
