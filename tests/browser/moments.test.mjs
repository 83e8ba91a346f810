// Bar 2: the three moments of the product, counted in a browser.
import { threeMoments } from "./counted.mjs";

threeMoments("on");
