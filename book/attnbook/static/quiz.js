// The self-test answers back: the reason for the chosen answer, at once.
"use strict";

document.addEventListener("change", (event) => {
  const choice = event.target;
  if (!choice.matches(".quiz input[type=radio]")) return;
  const question = choice.closest("fieldset");
  const right = choice.dataset.right === "true";
  question.dataset.answered = right ? "right" : "wrong";
  question.querySelector(".reason").textContent = `${right ? "Right." : "Not this one."} ${choice.dataset.reason}`;
});
