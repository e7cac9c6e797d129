"""HTTP as every vendor call uses it: deadlines, TLS, and failures classified by whether anything may have been sent."""
