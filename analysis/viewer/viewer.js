'use strict';
// The viewer of a run's trials. Every text of a listing or a model reaches the page as text
// (`textContent`), never as markup; the data stand in the file as JSON, read when they are needed.
(() => {
  const byId = id => document.getElementById(id);
  const read = id => JSON.parse(byId(id).textContent);
  const index = read('index');
  index.trials.forEach((entry, at) => { entry.at = at; });
  const parsed = new Map();
  const words = new Map();
  let shown = index.trials;      // what the filters let through
  let entry = null;              // the trial on view
  let trial = null;              // all that is known of it
  let at = 0;                    // the step on view, counted from 0

  // -- making elements ----------------------------------------------------------------------

  function make(name, about = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(about)) {
      if (value === null || value === undefined || value === false) continue;
      if (key === 'on') element.addEventListener('click', value);
      else if (key === 'style') for (const [k, v] of Object.entries(value)) element.style.setProperty(k, v);
      else element.setAttribute(key, value === true ? '' : value);
    }
    element.append(...children.flat().filter(child => child !== null && child !== ''));
    return element;
  }

  const picture = (key, about) => make('img', { src: `data:image/webp;base64,${byId(key).textContent}`, ...about });
  const plural = (n, noun) => `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`;
  const seconds = s => `${s.toFixed(s < 0.1 ? 3 : 2)} s`;
  const short = (text, most) => text.length > most ? `${text.slice(0, most).replace(/\s\S*$/, '')} …` : text;
  const folded = (summary, ...inside) => make('details', {}, make('summary', {}, summary), ...inside);
  const boxed = (text, label, about = {}) => make('pre', { tabindex: 0, role: 'region', 'aria-label': label, ...about }, text);

  // -- finding trials -----------------------------------------------------------------------

  const whole = each => {
    if (!parsed.has(each.at)) parsed.set(each.at, read(`t${each.at}`));
    return parsed.get(each.at);
  };
  const named = ['persona', 'prompt'].filter(name => new Set(index.trials.map(each => each[name])).size > 1);
  const whose = each => [each.buyer, each.interface, ...named.map(name => each[name])].filter(Boolean).join(' · ');
  const ending = each => each.status === 'failed' && each.cause ? `failed: ${each.cause}` : each.status;
  const address = (each, step) => `#${encodeURIComponent(each.id)}${step ? `/${step}` : ''}`;

  // what the search looks into: all texts of a trial but for the pages themselves
  function wordsOf(each) {
    if (!words.has(each.at)) {
      const texts = [];
      const walk = value => {
        if (typeof value === 'string') texts.push(value);
        else if (Array.isArray(value)) value.forEach(walk);
        else if (value) Object.entries(value).forEach(([key, inner]) => { if (key !== 'text' || value.kind) walk(inner); });
      };
      walk(whole(each));
      words.set(each.at, texts.join('\n').toLowerCase());
    }
    return words.get(each.at);
  }

  const FILTERS = [
    ['status', 'Status', each => each.status, each => each.status],
    ['cause', 'Failed because of', each => each.cause.replaceAll('_', ' '), each => each.cause],
    ['buyer', 'Buyer', each => each.buyer, each => each.buyer],
    ['interface', 'Interface', each => each.interface, each => each.interface],
    ['persona', 'Persona', each => each.persona, each => each.persona],
    ['prompt', 'Wording', each => each.prompt, each => each.prompt],
    ['task', 'Errand', each => each.task, each => each.task],
    ['product', 'Bought', each => each.product, each => each.product],
  ];

  function addFilters() {
    for (const [name, label, told, value] of FILTERS) {
      const counts = new Map();
      for (const each of index.trials) {
        if (!value(each)) continue;
        const option = counts.get(value(each)) ?? { text: told(each), n: 0 };
        option.n += 1;
        counts.set(value(each), option);
      }
      if (counts.size < (name === 'cause' ? 1 : 2)) continue;
      const options = [...counts].sort(([, a], [, b]) => name === 'product' ? b.n - a.n || (a.text < b.text ? -1 : 1) : 0)
        .map(([key, { text, n }]) => make('option', { value: key }, `${short(text, 60)} (${n})`));
      byId('selects').append(make('label', { class: 'field' }, label,
        make('select', { id: `f-${name}` }, make('option', { value: '' }, 'all'), ...options)));
    }
  }

  function filter() {
    const query = byId('search').value.trim().toLowerCase();
    const wanted = FILTERS.map(([name, , , value]) => [byId(`f-${name}`)?.value ?? '', value]).filter(([chosen]) => chosen);
    shown = index.trials.filter(each => wanted.every(([chosen, value]) => value(each) === chosen)
      && (!query || each.id.startsWith(query) || wordsOf(each).includes(query)));
    byId('count').textContent = `${shown.length.toLocaleString('en')} of ${plural(index.trials.length, 'trial')}`;
    list();
    if (shown.length && !shown.includes(entry)) go(shown[0], 0);
    else place();
  }

  function list() {
    byId('list').replaceChildren(...shown.map(each => make('li', {},
      make('a', { href: address(each), 'data-at': each.at, class: each.status },
        make('span', { class: 'what' }, each.product || ending(each)),
        make('span', { class: 'note' }, `${whose(each)} · ${each.task} ${each.k}`)))));
  }

  // -- moving -------------------------------------------------------------------------------

  function go(each, step) {
    const to = address(each, whole(each).steps[step]?.n);
    if (location.hash !== to) history.pushState(null, '', to);
    route();
  }

  function move(by) {
    const here = shown.indexOf(entry);
    const to = here < 0 ? shown[0] : shown[here + by];
    if (to) go(to, 0);
    else tell(by > 0 ? 'This is the last trial.' : 'This is the first trial.');
  }

  function turn(by) {
    if (!trial) return;
    const to = at + by;
    if (to < 0 || to >= trial.steps.length) tell(by > 0 ? 'This is the last step.' : 'This is the first step.');
    else go(entry, to);
  }

  function tell(text) { byId('told').textContent = text; }

  function route() {
    const [name, step] = location.hash.slice(1).split('/');
    let id = name;
    try { id = decodeURIComponent(name); } catch { /* a broken address names no trial */ }
    if (id === 'main') return;
    const found = id ? index.trials.find(each => each.id === id) ?? index.trials.find(each => each.id.startsWith(id)) : shown[0] ?? index.trials[0];
    const problem = byId('problem');
    problem.hidden = Boolean(found);
    if (!found) {
      problem.textContent = index.trials.length < index.finished
        ? `Trial ${id} is not in this file, which holds ${index.trials.length.toLocaleString('en')} of ${plural(index.finished, 'finished trial')}. In a terminal: aces show ${index.folder} ${id}`
        : `No finished trial of this run is called ${id}.`;
      byId('trial').hidden = !trial;
      return;
    }
    byId('trial').hidden = false;
    const number = step === undefined ? -1 : whole(found).steps.findIndex(each => String(each.n) === step);
    if (found !== entry) draw(found);
    choose(Math.max(0, number));
    // an address that named less than trial and step is made to name both
    history.replaceState(null, '', address(entry, trial.steps[at]?.n));
  }

  function place() {
    const here = shown.indexOf(entry);
    byId('where').textContent = here < 0
      ? 'not among the trials that the filters show'
      : `${(here + 1).toLocaleString('en')} of ${shown.length.toLocaleString('en')}`;
    byId('earlier').disabled = here === 0;
    byId('later').disabled = here === shown.length - 1;
    for (const link of byId('list').querySelectorAll('a')) {
      const current = entry && Number(link.dataset.at) === entry.at;
      if (current) link.setAttribute('aria-current', 'true');
      else link.removeAttribute('aria-current');
      if (current) inView(link);
    }
  }

  function inView(link) {
    const box = byId('list');
    const [top, low] = [link.offsetTop - box.offsetTop, link.offsetTop - box.offsetTop + link.offsetHeight];
    if (top < box.scrollTop || low > box.scrollTop + box.clientHeight) box.scrollTop = top - box.clientHeight / 3;
  }

  // -- drawing ------------------------------------------------------------------------------

  function draw(found) {
    entry = found;
    trial = whole(found);
    document.title = `${trial.ending} · ${index.name}`;
    byId('verdict').replaceChildren(...verdict());
    byId('jumps').replaceChildren(...jumps());
    byId('steps').replaceChildren(...steps());
    byId('shelf').replaceChildren(...shelf());
    byId('log').replaceChildren(...log());
    place();
  }

  function verdict() {
    const who = make('p', { class: 'who' }, `${whose(entry)} · ${trial.task} · world ${trial.k}${trial.repeat ? ` · repeat ${trial.repeat}` : ''}${trial.setting ? ` · page: ${trial.setting}` : ''}`);
    const tokens = trial.steps.reduce((n, step) => n + step.tokens[0] + step.tokens[1], 0);
    const facts = [plural(trial.steps.length, 'step'), seconds(trial.seconds), tokens ? plural(tokens, 'token') : '',
      trial.attempt > 1 ? `attempt ${trial.attempt}` : '', `trial ${trial.id}`].filter(Boolean).join(' · ');
    const said = [who, make('h2', { class: trial.status }, trial.ending)];
    if (trial.why) {
      said.push(make('blockquote', {}, make('p', {}, trial.why.text), make('footer', {},
        trial.why.step === null ? trial.why.kind : make('a', { href: address(entry, trial.why.step) }, `${trial.why.kind}, step ${trial.why.step}`))));
    } else if (trial.status === 'chosen') {
      said.push(make('p', { class: 'note' }, 'It gave no reason.'));
    }
    if (trial.standing.length) {
      said.push(make('ul', { class: 'chips', 'aria-label': 'Against the rest of the shelf' }, trial.standing.map(text => make('li', {}, text))));
    }
    if (trial.read.length) said.push(misread());
    if (trial.taste) said.push(make('p', { class: 'note' }, trial.taste));
    said.push(make('p', { class: 'note' }, facts));
    return [make('div', { class: 'said' }, ...said), glance()];
  }

  function misread() {
    const wrong = trial.read.filter(each => !each.same);
    return make('p', { class: wrong.length ? 'fault' : 'note' }, wrong.length
      ? `It says it read ${wrong.map(each => `${each.what} ${each.read} (shown: ${each.shown || 'nothing'})`).join(', ')}.`
      : `What it says it read of it (${trial.read.map(each => each.what).join(', ')}) is what was shown.`);
  }

  // the shelf at a glance: where things stood, what they cost, which one was taken
  function glance() {
    const cells = trial.shelf.map(offer => make('li', {
      class: offer.bought ? 'bought' : null, title: offer.title, style: { '--row': offer.row, '--col': offer.col },
    },
    offer.picture ? picture(offer.picture, { alt: '' }) : '',
    make('span', {}, offer.price),
    make('span', { class: 'sr' }, `slot ${offer.slot}: ${offer.title}${offer.bought ? ', bought' : ''}`)));
    return make('ol', { class: 'glance', style: { '--columns': trial.columns }, 'aria-label': 'The shelf at a glance' }, cells);
  }

  function jumps() {
    const arm = each => [each.buyer, each.interface, each.persona, each.prompt];
    const same = arm(entry);
    const unlike = each => arm(each).filter((value, i) => value !== same[i]).length;
    const rows = [];
    for (const each of index.trials) {
      if (each.world === entry.world && each !== entry) rows.push([unlike(each), difference(each), each]);
    }
    rows.sort((a, b) => a[0] - b[0] || a[2].at - b[2].at);
    const here = rows.slice(0, 8).map(([, text, each]) => jump(each, text));
    const there = [];
    let alone = false;
    for (const near of index.near[entry.world] ?? []) {
      const found = index.trials.filter(each => each.world === near.world)
        .sort((a, b) => unlike(a) - unlike(b) || Math.abs(a.repeat - entry.repeat) - Math.abs(b.repeat - entry.repeat))[0];
      if (!found) continue;
      alone = near.treatments.length === 1;
      there.push(jump(found, unlike(found) ? `${near.text}; ${difference(found)}` : near.text));
    }
    const parts = [];
    if (there.length) {
      parts.push(make('h3', {}, alone ? 'One treatment differs' : 'Nearest shelf (none differs by one treatment alone)'), make('ul', {}, there));
    }
    if (here.length) {
      parts.push(make('h3', {}, 'The same world'), make('ul', {}, here));
      if (rows.length > here.length) parts.push(make('p', { class: 'note' }, `and ${rows.length - here.length} more`));
    }
    if (!parts.length) return [];
    const summary = [alone && there.length ? `${plural(there.length, 'world')} equal but for one treatment` : '',
      rows.length ? `${plural(rows.length, 'other trial')} in this very world` : '', !alone && there.length ? 'the nearest shelf' : ''].filter(Boolean).join(', ');
    const box = folded(`Compare: ${summary}`, make('div', { class: 'beside' }, ...parts));
    box.open = alone && there.length > 0;
    return [box];
  }

  function difference(each) {
    const parts = [['buyer', each.buyer, entry.buyer], ['interface', each.interface, entry.interface],
      ['persona', each.persona, entry.persona], ['wording', each.prompt, entry.prompt],
      ['repeat', each.repeat, entry.repeat]].filter(([, a, b]) => a !== b);
    return parts.map(([name, value]) => `${name} ${value === '' ? 'none' : value}`).join(', ');
  }

  function jump(each, text) {
    const other = each.product || ending(each);
    const alike = each.bought === entry.bought && each.status === entry.status;
    return make('li', {}, make('a', { href: address(each) }, text), ` ${alike ? '= same ending' : `→ ${short(other, 60)}`}`);
  }

  // -- steps --------------------------------------------------------------------------------

  function steps() {
    if (!trial.steps.length) return [make('p', { class: 'note' }, `No step was kept. ${trial.detail}`)];
    const tabs = trial.steps.map((step, i) => make('li', {}, make('a', { href: address(entry, step.n), 'data-step': i },
      make('b', {}, String(step.n)), make('span', {}, ` ${step.page || 'page not kept'}`))));
    return [
      make('div', { class: 'bar' },
        make('button', { type: 'button', id: 'back', 'aria-keyshortcuts': 'ArrowLeft', on: () => turn(-1) }, make('span', { 'aria-hidden': 'true' }, '←'), ' Previous step'),
        make('button', { type: 'button', id: 'on', 'aria-keyshortcuts': 'ArrowRight', on: () => turn(1) }, 'Next step ', make('span', { 'aria-hidden': 'true' }, '→')),
        make('ol', { class: 'tabs', 'aria-label': 'Steps' }, tabs)),
      ...trial.steps.map((step, i) => oneStep(step, i)),
    ];
  }

  function oneStep(step, i) {
    return make('article', { class: 'step', id: `s${i}`, hidden: true, 'aria-label': `Step ${step.n}` },
      make('header', {}, make('h3', {}, `Step ${step.n} of ${trial.steps.length}: ${step.page || 'page not kept'}`),
        make('p', { class: 'note' }, step.url)),
      seen(step),
      make('div', { class: 'mind' },
        step.thought ? make('div', { class: 'thought' }, make('h4', {}, 'Thought'), boxed(step.thought, 'Thought')) : '',
        step.reply ? make('div', { class: 'thought' }, make('h4', {}, 'Said'), boxed(step.reply, 'Said')) : '',
        make('h4', {}, 'Did'),
        make('p', { class: 'did' }, sentence(step.did), step.reason ? make('span', { class: 'reason' }, ` “${step.reason}”`) : ''),
        step.error ? make('p', { class: 'fault' }, step.error) : '',
        step.outside ? make('p', { class: 'note' }, 'What it acted on lay outside the picture; it was scrolled into view.') : '',
        make('p', { class: 'note' }, spent(step)),
        step.events.length ? make('div', {}, make('h4', {}, 'The shop noted'), events(step.events)) : '',
        step.said.length ? folded(plural(step.said.length, 'request') + ' to the model', step.said.map(exchange)) : ''));
  }

  const sentence = text => text ? text[0].toUpperCase() + text.slice(1) + '.' : '';

  function spent(step) {
    const [input, output, cost] = step.tokens;
    return [step.observe === null ? '' : `seen in ${seconds(step.observe)}`, step.act === null ? '' : `decided in ${seconds(step.act)}`,
      input + output ? `${input.toLocaleString('en')} tokens in, ${output.toLocaleString('en')} out` : '',
      cost ? `cost ${cost.toPrecision(3)}` : ''].filter(Boolean).join(' · ');
  }

  function seen(step) {
    if (step.picture) {
      const marks = [];
      if (step.box) {
        const [x, y, width, height] = step.box.map(part => `${100 * part}%`);
        marks.push(make('span', { class: 'box', style: { left: x, top: y, width, height } }));
      }
      if (step.point) marks.push(make('span', { class: 'point', style: { left: `${100 * step.point[0]}%`, top: `${100 * step.point[1]}%` } }));
      const outlined = step.box ? ', outlined' : step.point ? ', marked with a cross' : '';
      const shot = make('button', { type: 'button', class: 'shot', 'aria-pressed': 'false', title: 'Larger or smaller' },
        picture(step.picture, { alt: `Screenshot of the ${step.page} page at step ${step.n}. The buyer ${step.did}${outlined}.` }), ...marks);
      shot.addEventListener('click', () => {
        const large = shot.closest('.step').classList.toggle('large');
        shot.setAttribute('aria-pressed', String(large));
      });
      return make('div', { class: 'seen' }, shot, step.text ? folded('The page as text', text(step)) : '');
    }
    if (step.text) return make('div', { class: 'seen' }, make('h4', {}, 'The page as the buyer had it'), text(step));
    return make('div', { class: 'seen' }, make('p', { class: 'note none' }, step.lost ? 'The screenshot can no longer be read.' : 'What the buyer saw was not kept.'));
  }

  // JSON is laid out for reading; anything else stands as it was
  function text(step) {
    let laid = step.text;
    if (/^\s*[[{]/.test(laid)) try { laid = JSON.stringify(JSON.parse(laid), null, 1); } catch { /* cut short */ }
    return boxed(laid, `The page as text at step ${step.n}`, { class: 'page' });
  }

  const events = found => make('ol', { class: 'events' }, found.map(event => make('li', {}, make('span', { class: 'note' }, `${event.at.toFixed(2)} s `), event.text)));

  function exchange(said) {
    const answer = said.reply === null ? make('p', { class: 'note' }, 'No answer.')
      : [said.reply ? boxed(said.reply, 'Answer') : '', ...said.calls.map(call => boxed(call, 'Call')),
        said.reply || said.calls.length ? '' : make('p', { class: 'note' }, 'An empty answer.')];
    return make('div', { class: 'exchange' },
      make('h4', {}, said.purpose, make('span', { class: 'note' }, ` ${said.facts}`)),
      said.said.map(([role, told]) => folded(`${role}: ${short(told.replaceAll('\n', ' '), 80)}`, boxed(told, role))),
      answer, said.error ? make('p', { class: 'fault' }, `${said.cause || 'error'}: ${said.error}`) : '');
  }

  function choose(step) {
    at = step;
    trial.steps.forEach((_, i) => { byId(`s${i}`).hidden = i !== step; });
    for (const link of byId('steps').querySelectorAll('.tabs a')) {
      if (Number(link.dataset.step) === step) link.setAttribute('aria-current', 'step');
      else link.removeAttribute('aria-current');
    }
    if (byId('back')) {
      byId('back').disabled = step === 0;
      byId('on').disabled = step >= trial.steps.length - 1;
    }
    const now = trial.steps[step];
    const here = shown.indexOf(entry);
    tell(`${here < 0 ? 'Trial' : `Trial ${here + 1} of ${shown.length}`}: ${trial.ending}. ` + (now
      ? `Step ${now.n} of ${trial.steps.length}, ${now.page || 'page not kept'}: the buyer ${now.did}.` : 'No step was kept.'));
  }

  // -- the shelf as a table -----------------------------------------------------------------

  function shelf() {
    const bought = trial.shelf.some(offer => offer.bought);
    const told = trial.shelf.some(offer => offer.p !== null);
    const heads = ['Slot', 'Product', 'Price', ...(bought ? ['Price gap'] : []), 'Stars', 'Reviews', 'Marks', 'Met', ...(told ? ['Model’s own probability'] : [])];
    const rows = trial.shelf.map(offer => {
      const cells = [
        [String(offer.slot)],
        [make('div', { class: 'product' }, offer.picture ? picture(offer.picture, { alt: '' }) : '', make('span', {}, offer.title, offer.bought ? make('b', { class: 'taken' }, ' bought') : ''))],
        [offer.price, offer.was ? make('s', { class: 'note' }, ` ${offer.was}`) : ''],
        ...(bought ? [[offer.dearer]] : []),
        [offer.stars || '–'], [offer.reviews],
        offer.marks.map(mark => make('span', { class: 'mark' }, mark)),
        [offer.met.join(', ')],
        ...(told ? [[offer.p === null ? '' : `${(100 * offer.p).toFixed(1)} %`]] : []),
      ];
      return make('tr', { class: offer.bought ? 'bought' : null }, cells.map((inside, i) =>
        make(i === 1 ? 'th' : 'td', { scope: i === 1 ? 'row' : null, 'data-head': heads[i], class: inside.join('') ? null : 'empty' }, ...inside)));
    });
    return [
      make('h3', {}, bought ? 'What was bought, and what stood beside it' : 'What stood on the shelf'),
      make('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'The shelf as a table' },
        make('table', {}, make('thead', {}, make('tr', {}, heads.map(head => make('th', { scope: 'col' }, head)))), make('tbody', {}, rows))),
    ];
  }

  function log() {
    const parts = [];
    if (trial.detail && trial.detail !== trial.why?.text) parts.push(make('h3', {}, 'What was recorded at its end'), boxed(trial.detail, 'What was recorded'));
    if (trial.rest.length) parts.push(make('h3', {}, trial.steps.some(step => step.events.length) ? 'Before the first decision' : 'What the shop noted'), events(trial.rest));
    return parts;
  }

  // -- keys and beginnings ------------------------------------------------------------------

  function keys(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.('input:not([type=checkbox]), select')) return;
    if (event.target.closest?.('pre, .scroll') && event.key.startsWith('Arrow')) return; // these scroll
    const letters = byId('letters').checked;
    const does = {
      ArrowLeft: () => turn(-1), ArrowRight: () => turn(1),
      ...(letters && { j: () => move(1), k: () => move(-1), '/': () => { unfold(true); byId('search').focus(); } }),
    }[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  }

  function unfold(open) {
    byId('side').classList.toggle('open', open);
    byId('fold').setAttribute('aria-expanded', String(open));
  }

  let typing = 0;
  byId('search').addEventListener('input', () => { clearTimeout(typing); typing = setTimeout(filter, 120); });
  byId('filters').addEventListener('change', event => { if (event.target.id !== 'search') filter(); });
  byId('filters').addEventListener('reset', () => setTimeout(filter));
  byId('filters').addEventListener('submit', event => { event.preventDefault(); filter(); });
  byId('fold').addEventListener('click', () => unfold(!byId('side').classList.contains('open')));
  byId('list').addEventListener('click', () => unfold(false));
  byId('earlier').addEventListener('click', () => move(-1));
  byId('later').addEventListener('click', () => move(1));
  byId('skip').addEventListener('click', event => { event.preventDefault(); byId('main').focus(); });
  document.addEventListener('keydown', keys);
  window.addEventListener('hashchange', route);
  byId('app').hidden = false;
  addFilters();
  byId('count').textContent = plural(index.trials.length, 'trial');
  list();
  route();
})();
