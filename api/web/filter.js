// A form sends empty fields too; the server would read them as conditions, so they are left out.
document.querySelector('form.filter')?.addEventListener('submit', (event) => {
  const inputs = /** @type {HTMLFormElement} */ (event.currentTarget).querySelectorAll('input, select');
  for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (inputs)) input.disabled = input.value.trim() === '';
  // Back from the next page, the form must be usable again.
  addEventListener('pageshow', () => inputs.forEach((input) => input.removeAttribute('disabled')), { once: true });
});
