"""What every act leaves behind: idempotency keys, events, outbox, the messages as they came."""
