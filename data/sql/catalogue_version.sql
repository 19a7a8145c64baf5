-- Keeps catalogue.version, and tells every listening server that the catalogue changed.
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

CREATE OR REPLACE TRIGGER bump_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalogue.layer
  FOR EACH STATEMENT EXECUTE FUNCTION catalogue.bump_version();
CREATE OR REPLACE TRIGGER bump_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalogue.layer_group
  FOR EACH STATEMENT EXECUTE FUNCTION catalogue.bump_version();
CREATE OR REPLACE TRIGGER bump_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON catalogue.code_list
  FOR EACH STATEMENT EXECUTE FUNCTION catalogue.bump_version();
