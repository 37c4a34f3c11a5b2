"""Pages of the incidents app: each loads, authorises, makes one call, and answers."""
