"""`/api/v1`: what other systems ask and tell, by tokens with scopes. The same use cases as everywhere."""
