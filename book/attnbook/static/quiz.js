// The self-test answers back: the reason for the chosen answer, at once; and again when the reader comes back.
"use strict";

(() => {
  const answerOf = (choice) => choice.closest("label").textContent.trim();

  function show(question, choice, aloud) {
    const reason = question.querySelector(".reason");
    const right = choice?.dataset.right === "true";
    reason.ariaLive = aloud ? "polite" : "off"; // what is restored is not read out
    reason.innerHTML = choice ? `${right ? "Right." : "Not this one."} ${choice.dataset.reason}` : "";
    if (choice) question.dataset.answered = right ? "right" : "wrong";
    else delete question.dataset.answered;
  }

  function restore() {
    for (const question of document.querySelectorAll(".quiz fieldset")) {
      const answer = record.answer(question.dataset.question);
      const choices = [...question.querySelectorAll("input[type=radio]")];
      const choice = choices.find((each) => answerOf(each) === answer);
      if (choice?.checked || !(choice || choices.some((each) => each.checked))) continue; // it is shown already
      choices.forEach((each) => (each.checked = each === choice));
      show(question, choice, false);
    }
  }

  document.addEventListener("change", ({ target }) => {
    if (!target.matches(".quiz input[type=radio]")) return;
    const question = target.closest("fieldset");
    show(question, target, true);
    record.keepAnswer(question.dataset.question, answerOf(target));
  });
  document.addEventListener("record", restore);
  restore();
})();
