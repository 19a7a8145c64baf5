// The form above a table of features.

const box = document.querySelector('details.filterbox');
const form = document.querySelector('form.filter');

// On a phone the form would fill the screen; it waits closed unless it has something to say.
if (box && matchMedia('(max-width: 720px)').matches && !('active' in box.dataset)) box.removeAttribute('open');

// A form sends empty fields too; the server would read them as conditions, so they are left out.
form?.addEventListener('submit', () => {
  for (const input of form.querySelectorAll('input, select')) input.disabled = input.value.trim() === '';
});

// Back from the next page, the form must be usable again.
addEventListener('pageshow', () => form?.querySelectorAll('input, select').forEach((input) => { input.disabled = false; }));
