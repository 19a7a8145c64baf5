-- Folds upper and lower case together, the same under every collation of the database (CQL2: CASEI).
-- lower() after upper() is Unicode's full case folding (ß and SS become ss) but for the capital ẞ, which is mended
-- here, and the dotless i, which counts as i. A Greek sigma ends a word as ς and stands inside it as σ: one letter.
CREATE OR REPLACE FUNCTION catalogue.casei(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN replace(replace(lower(upper(value COLLATE "und-x-icu") COLLATE "und-x-icu"), 'ς', 'σ'), 'ß', 'ss');

-- Takes the accents off letters (CQL2: ACCENTI). Accents that are characters of their own go first, then the
-- letters that Unicode does not take apart (ø, đ, ł) by the rules of the extension unaccent; what else was taken
-- apart (Hangul) is joined again. Unaccent calls itself stable only because its rules are a file; they do not change.
CREATE OR REPLACE FUNCTION catalogue.accenti(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  -- Most texts of the city have no accents: Chinese, digits, Latin letters.
  IF value ~ '^[\u0020-\u007e\u4e00-\u9fff]*$' THEN
    RETURN value;
  END IF;
  RETURN public.unaccent(
    'public.unaccent'::regdictionary,
    normalize(regexp_replace(normalize(value, NFD), '[\u0300-\u036f]', '', 'g'), NFC)
  );
END
$$;
