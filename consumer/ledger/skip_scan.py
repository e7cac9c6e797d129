"""From one tenant to the next by an index, as PostgreSQL does not by itself: a table may hold millions of rows, and those of a thousand
tenants.
"""


def tenants(table: str, condition: str = "true") -> str:
    """The common table expression `tenants`, with the `tenant_id` of every tenant that has such rows, and NULL at its end.

    It needs an index on `tenant_id` of the rows with this condition. Both texts are the caller's own.
    """
    return f"""
      RECURSIVE tenants AS (
        (SELECT tenant_id FROM {table} WHERE {condition} ORDER BY tenant_id LIMIT 1)
        UNION ALL
        SELECT (SELECT tenant_id FROM {table} WHERE tenant_id > tenants.tenant_id AND {condition} ORDER BY tenant_id LIMIT 1)
        FROM tenants WHERE tenants.tenant_id IS NOT NULL
      )
    """  # noqa: S608  both are the caller's own
