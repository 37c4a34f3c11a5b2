"""How far campaigns are, as SQL: which scored components each names now, and how many of them have the level."""

COUNTED = """
SELECT k.id AS campaign_id, count(s.id) FILTER (WHERE s.level >= k.level) AS reached, count(s.id) AS total
  FROM catalog_campaign k
  LEFT JOIN (catalog_component c JOIN catalog_score s ON s.component_id = c.id AND s.changed_at > 'epoch')
         ON c.retired_at IS NULL AND (k.tiers = '{}' OR c.tier = ANY (k.tiers))
        AND (k.types = '{}' OR c.type = ANY (k.types)) AND (k.teams = '{}' OR EXISTS (
                SELECT FROM catalog_team t WHERE t.id = c.owner_id AND t.ref = ANY (k.teams)))
"""
"""Follow it by a WHERE on `k` and `GROUP BY k.id`. A component that was never scored is not counted yet."""
