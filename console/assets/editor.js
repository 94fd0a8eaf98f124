/* The editor of a strategy: CodeMirror over the form's own textarea, which stays what is sent.
   It lives in a shadow root: its styles are sheets made by script there, which our policy of content allows. */
(function () {
  "use strict";
  var CM = window.CodeMirror;
  var form = document.querySelector("[data-editor]");
  if (!CM || !form) return;
  var area = form.querySelector("textarea");
  var list = document.getElementById("checked");
  var known = JSON.parse(form.dataset.completions);
  var token = form.querySelector("[name=form_token]").value;
  var saved = area.value;
  var leaving = false;

  /* Where the cursor is: the keys above it, and whether a key or a value is being written. */
  function placeOf(state, pos) {
    var line = state.doc.lineAt(pos);
    var before = line.text.slice(0, pos - line.from);
    var indent = /^ */.exec(line.text)[0].length;
    var path = [];
    for (var number = line.number - 1, least = indent; number > 0 && least > 0; number--) {
      var found = /^( *)([\w-]+)\s*:/.exec(state.doc.line(number).text);
      if (found && found[1].length < least) {
        path.unshift(found[2]);
        least = found[1].length;
      }
    }
    var open = before.lastIndexOf("{");
    var piece = before.slice(indent);
    if (open > before.lastIndexOf("}")) {
      var owner = /([\w-]+)\s*:\s*\{[^{]*$/.exec(before);
      if (owner) path.push(owner[1]);
      piece = before.slice(Math.max(open, before.lastIndexOf(", ")) + 1);
    }
    var pair = /^\s*([\w-]+)\s*:\s+(.*)$/.exec(piece);
    var at = path.length === 0 ? "" : path.length === 1 ? path[0] : path[0] === "steps" && path.length === 2 ? "steps" : null;
    if (path.length === 1 && path[0] === "steps") at = null;
    return { keys: at === null ? null : known[at], key: pair && pair[1], value: pair ? pair[2] : "", word: piece.trim() };
  }

  function complete(context) {
    var place = placeOf(context.state, context.pos);
    if (!place.keys) return null;
    if (place.key) {
      var values = (place.keys[place.key] || { values: [] }).values;
      if (!values.length) return null;
      var whole = place.key === "at" ? place.value : /[\w-]*$/.exec(place.value)[0];
      return { from: context.pos - whole.length, options: values.map(function (one) { return { label: one, type: "constant" }; }) };
    }
    if (!/^[\w-]*$/.test(place.word) || (!place.word && !context.explicit)) return null;
    return {
      from: context.pos - place.word.length,
      options: Object.keys(place.keys).map(function (key) {
        return { label: key, apply: key + ": ", detail: place.keys[key].like.replace(key + ": ", ""), type: "property" };
      }),
    };
  }

  /* The lines of what is wrong become buttons that lead there. */
  function lead(view) {
    list.querySelectorAll("li[data-line] .line").forEach(function (line) {
      var wanted = Number(line.parentNode.dataset.line);
      var button = document.createElement("button");
      button.type = "button";
      button.className = "line";
      button.textContent = line.textContent;
      button.addEventListener("click", function () {
        var at = view.state.doc.line(Math.min(wanted, view.state.doc.lines));
        view.dispatch({ selection: { anchor: at.from, head: at.to }, scrollIntoView: true });
        view.focus();
      });
      line.replaceWith(button);
    });
  }

  function diagnostics(view) {
    return Array.prototype.map.call(list.querySelectorAll("li[data-line]"), function (one) {
      var line = view.state.doc.line(Math.min(Number(one.dataset.line), view.state.doc.lines));
      var said = one.cloneNode(true);
      said.querySelector(".line").remove();
      var from = line.from + /^ */.exec(line.text)[0].length;
      return { from: Math.min(from, line.to), to: line.to, severity: "error", message: said.textContent.trim() };
    });
  }

  /* What the server says of the text; what it said last where it cannot be asked. */
  function look(view) {
    var text = view.state.doc.toString();
    return fetch(form.dataset.check, {
      method: "POST",
      headers: { "x-form-token": token, "hx-request": "true" },
      body: new URLSearchParams({ text: text }),
    }).then(function (answer) {
      if (!answer.ok) throw new Error(String(answer.status));
      return answer.text();
    }).then(function (html) {
      if (text !== view.state.doc.toString()) return [];
      var open = list.querySelector("details[open]") !== null;
      list.innerHTML = html;
      if (open && list.querySelector("details")) list.querySelector("details").open = true;
      lead(view);
      return diagnostics(view);
    }).catch(function () {
      var away = document.createElement("p");
      away.className = "note bad";
      away.textContent = form.dataset.away;
      list.replaceChildren(away);
      return [];
    });
  }

  var plain = {
    "&": { color: "var(--kept-ink)", backgroundColor: "var(--tblr-bg-surface)", border: "1px solid var(--tblr-border-color)", borderRadius: "6px", fontSize: "14px" },
    "&.cm-focused": { outline: "3px solid var(--tblr-primary)", outlineOffset: "2px" },
    ".cm-scroller": { fontFamily: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace", minHeight: "24rem" },
    ".cm-gutters": { backgroundColor: "var(--kept-soft)", color: "var(--kept-quiet)", border: "0" },
    ".cm-activeLineGutter, .cm-activeLine": { backgroundColor: "var(--kept-soft)" },
    ".cm-content": { caretColor: "var(--kept-ink)" },
    ".cm-tooltip": { backgroundColor: "var(--tblr-bg-surface)", color: "var(--kept-ink)", border: "1px solid var(--tblr-border-color)" },
    ".cm-completionDetail": { color: "var(--kept-quiet)" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--kept-soft)", color: "var(--kept-ink)" },
  };
  var colours = CM.HighlightStyle.define([
    { tag: [CM.tags.propertyName, CM.tags.definition(CM.tags.propertyName)], color: "var(--kept-email)" },
    { tag: [CM.tags.string, CM.tags.content], color: "var(--kept-ink)" },
    { tag: [CM.tags.comment, CM.tags.lineComment], color: "var(--kept-quiet)", fontStyle: "italic" },
    { tag: [CM.tags.keyword, CM.tags.bool, CM.tags.number], color: "var(--kept-chat)" },
    { tag: [CM.tags.punctuation, CM.tags.separator, CM.tags.squareBracket, CM.tags.brace], color: "var(--kept-quiet)" },
  ]);
  var scheme = new CM.Compartment();
  function painted() {
    return CM.EditorView.theme(plain, { dark: document.documentElement.dataset.bsTheme === "dark" });
  }

  var host = document.createElement("div");
  host.className = "editor-host";
  area.before(host);
  var root = host.attachShadow({ mode: "open" });
  var view = new CM.EditorView({
    root: root,
    parent: root,
    state: CM.EditorState.create({
      doc: area.value,
      extensions: [
        scheme.of(painted()),
        CM.basicSetup,
        CM.keymap.of([CM.indentWithTab]),
        CM.yaml(),
        CM.syntaxHighlighting(colours),
        CM.EditorView.lineWrapping,
        CM.autocompletion({ override: [complete] }),
        CM.linter(look, { delay: 500 }),
        CM.lintGutter(),
        CM.EditorView.contentAttributes.of({ "aria-label": form.querySelector("label[for=text]").textContent + ". " + form.dataset.leaves, spellcheck: "false", autocapitalize: "off" }),
        CM.EditorView.updateListener.of(function (update) {
          if (update.docChanged) area.value = update.state.doc.toString();
        }),
      ],
    }),
  });
  area.hidden = true;
  form.querySelector("label[for=text]").addEventListener("click", function () { view.focus(); });
  form.querySelector("[data-keys]").hidden = false;
  lead(view);
  new MutationObserver(function () {
    view.dispatch({ effects: scheme.reconfigure(painted()) });
  }).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });

  form.addEventListener("submit", function (event) {
    if (!event.defaultPrevented) leaving = true;
  });
  window.addEventListener("beforeunload", function (event) {
    if (!leaving && area.value !== saved) event.preventDefault();
  });
})();
