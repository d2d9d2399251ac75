/** Closed classes of words: lists that a reader knows by name. Compared without the space before a token, and without capitals. */

const list = (words: string) => new Set(words.split(" "));

export const WORD_LISTS: Readonly<Record<string, ReadonlySet<string>>> = {
  "articles (“ the”, “ a”, “ an”)": list("the a an"),
  "prepositions such as “ of” and “ in”": list(
    "of in to for on with at by from as into through during before after over between under within without about against across " +
      "behind beyond except inside outside near toward towards upon via per among around",
  ),
  "conjunctions such as “ and” and “ that”": list(
    "and or but nor so yet because although though while whereas if unless until since that whether when where",
  ),
  "pronouns such as “ it” and “ you”": list(
    "i you he she it we they me him her us them myself yourself himself herself itself ourselves themselves one who whom someone " +
      "anyone everyone something anything everything nothing",
  ),
  "possessives such as “ its” and “ your”": list(
    "my your his her its our their whose mine yours hers ours theirs",
  ),
  "demonstratives (“ this”, “ these”, …)": list("this that these those such"),
  "auxiliary verbs such as “ is” and “ have”": list(
    "be is are was were been being am have has had having do does did doing",
  ),
  "modal verbs such as “ will” and “ must”": list(
    "will would shall should can could may might must cannot won't can't wouldn't couldn't shouldn't",
  ),
  "negations such as “ not” and “ no”": list("not no never none neither nor n't without non un"),
  "question words such as “ what” and “ how”": list("what which who whom whose when where why how"),
  "number words such as “ two” and “ first”": list(
    "zero one two three four five six seven eight nine ten eleven twelve hundred thousand million billion first second third fourth " +
      "fifth last next once twice half double",
  ),
  "names of months and days": list(
    "january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct " +
      "nov dec monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun",
  ),
  "quantifiers such as “ all” and “ some”": list(
    "all any some each every many much more most several few less least both either another other enough only",
  ),
  "declaring words of code (“const”, “class”, …)": list(
    "const let var function class def fn func interface type enum struct namespace module package trait impl abstract static public " +
      "private protected readonly export declare extern final override",
  ),
  "words of control in code (“if”, “return”, …)": list(
    "if else elif for while do switch case default break continue return try catch finally throw throws raise except yield await async " +
      "goto with pass new delete typeof instanceof",
  ),
  "words of importing (“import”, “require”, …)": list("import from require include using use export package"),
  "constants of code (“null”, “true”, …)": list(
    "null undefined true false none nil nan infinity void self this super",
  ),
  "names of types (“string”, “int”, …)": list(
    "int integer float double char string str bool boolean number void any object array list dict map set tuple bytes byte long short " +
      "unsigned signed unknown never bigint symbol uint8 int32 float32 uint32 promise error date regexp buffer",
  ),
  "names of HTML elements": list(
    "div span class href src img table tr td th ul li ol html head body script style link meta title input form button label option " +
      "select textarea nav header footer section article br hr pre code",
  ),
};
