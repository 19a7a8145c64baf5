-- The whole catalogue as one JSON document, read in one snapshot.
SELECT json_build_object(
  'version', (SELECT number FROM catalogue.version),
  'groups', (SELECT coalesce(json_agg(definition ORDER BY position, id), '[]') FROM catalogue.layer_group),
  'code_lists', (SELECT coalesce(json_agg(definition ORDER BY id), '[]') FROM catalogue.code_list),
  'layers', (SELECT coalesce(json_agg(json_build_object(
               'definition', definition,
               'origin', origin,
               'data_version', data_version,
               'changed_at', changed_at,
               'feature_count', feature_count,
               'extent', extent,
               'valid_from', valid_from,
               'valid_to', valid_to,
               'density', density
             ) ORDER BY (definition->>'rank')::int, id), '[]')
               FROM catalogue.layer)
)::text
