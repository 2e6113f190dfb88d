import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { App } from "./app.tsx";
import "./style/base.css";
import "./style/controls.css";
import "./style/figures.css";
import "./style/tables.css";
import "./style/narrow.css";

const root = document.getElementById("root");
if (root === null) throw new Error("The page has no root element");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
