"""HTTP as every vendor call uses it: deadlines, TLS, and failures told apart by whether anything can have been sent."""
