-- Arithmetic of filters whose result is NULL where there is none: one feature's value shall not end the whole answer.

CREATE OR REPLACE FUNCTION catalogue.modulo(dividend float8, divisor float8) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  quotient float8;
BEGIN
  IF divisor = 0 OR abs(dividend) = 'infinity' OR abs(divisor) < 1e-150 OR abs(dividend) > 1e150 THEN
    RETURN NULL;
  END IF;
  quotient := dividend / divisor;
  RETURN dividend - divisor * trunc(quotient);
END
$$;

CREATE OR REPLACE FUNCTION catalogue.power(base float8, exponent float8) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  IF base = 0 THEN
    RETURN CASE WHEN exponent > 0 THEN 0 WHEN exponent = 0 THEN 1 END;
  ELSIF base < 0 AND exponent <> trunc(exponent) THEN
    RETURN NULL;
  -- Beyond e^700 and below e^-700 the numbers of PostgreSQL end.
  ELSIF abs(exponent * ln(abs(base))) > 700 THEN
    RETURN CASE WHEN exponent * ln(abs(base)) < 0 THEN 0 END;
  END IF;
  RETURN base ^ exponent;
END
$$;
