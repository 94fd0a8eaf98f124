// What the strategies' editor needs of CodeMirror, as one global: built once as README.md above says.
import { basicSetup } from "codemirror";
import { EditorState, Compartment } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { linter, lintGutter, forceLinting, setDiagnostics, openLintPanel, nextDiagnostic } from "@codemirror/lint";
import { autocompletion, completeFromList } from "@codemirror/autocomplete";
import { syntaxTree, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { tags } from "@lezer/highlight";
export { basicSetup, EditorState, Compartment, EditorView, keymap, indentWithTab, yaml, linter, lintGutter, forceLinting, setDiagnostics, openLintPanel, nextDiagnostic, autocompletion, completeFromList, syntaxTree, HighlightStyle, syntaxHighlighting, tags };
