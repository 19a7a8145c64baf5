-- Keeps catalogue.version, and tells every listening server that the catalogue changed.
-- By row, so that a sync that changes nothing tells nobody.
CREATE OR REPLACE FUNCTION catalogue.bump_version() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
  fresh bigint;
BEGIN
  INSERT INTO catalogue.version AS v (singleton, number) VALUES (1, 1)
  ON CONFLICT (singleton) DO UPDATE SET number = v.number + 1
  RETURNING number INTO fresh;
  PERFORM pg_notify('catalogue', fresh::text);
  RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER bump_version AFTER INSERT OR UPDATE OR DELETE ON catalogue.layer
  FOR EACH ROW EXECUTE FUNCTION catalogue.bump_version();
CREATE OR REPLACE TRIGGER bump_version AFTER INSERT OR UPDATE OR DELETE ON catalogue.layer_group
  FOR EACH ROW EXECUTE FUNCTION catalogue.bump_version();
CREATE OR REPLACE TRIGGER bump_version AFTER INSERT OR UPDATE OR DELETE ON catalogue.code_list
  FOR EACH ROW EXECUTE FUNCTION catalogue.bump_version();
