// viv.mjs FOLDER: whether viv (the viewer of OME-TIFF in browsers) and geotiff.js read comir's slides in the folder. Called
// by run.sh; FOLDER/viv.json says what images.py expects: { file: { levels, means of channel 2 or of RGB } }.
import { DOMParser } from 'linkedom';
import { loadOmeTiff } from '@vivjs/loaders';
import { fromFile } from 'geotiff';
import fs from 'node:fs';
import http from 'node:http';

globalThis.DOMParser = DOMParser;
const folder = process.argv[2];
const server = http.createServer((request, response) => {
    const path = folder + request.url, size = fs.statSync(path).size;
    const [, first, last] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? [0, 0, size - 1];
    const end = Math.min(Number(last), size - 1);
    response.writeHead(206, { 'Content-Range': `bytes ${first}-${end}/${size}` });
    fs.createReadStream(path, { start: Number(first), end }).pipe(response);
});
await new Promise((ready) => server.listen(0, ready));

const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;
let bad = 0;
const check = (what, good) => {
    bad += !good;
    console.log(`${good ? 'ok      ' : 'DIFFERS '} ${what}`);
};
for (const [file, expected] of Object.entries(JSON.parse(fs.readFileSync(folder + '/viv.json')))) {
    const { data, metadata } = await loadOmeTiff(`http://localhost:${server.address().port}/${file}`);
    check(`viv, ${file}: ${expected.levels} levels`, data.length === expected.levels);
    check(`viv, ${file}: size in µm`, metadata.Pixels.PhysicalSizeXUnit === 'µm' && metadata.Pixels.PhysicalSizeX === expected.um);
    for (const [level, value] of expected.means.entries()) {
        const c = data[level].labels.includes('_c') ? 0 : 2;
        const raster = await data[level].getRaster({ selection: { c, t: 0, z: 0 } });
        check(`viv, ${file}: pixels of level ${level}`, Math.abs(mean(raster.data) - value) < 1e-6);
    }
    const image = await (await fromFile(`${folder}/${file}`)).getImage(expected.ifd);
    check(`geotiff.js, ${file}: pixels`, Math.abs(mean(await image.readRasters({ interleave: true })) - expected.means[0]) < 1e-6);
}
process.exit(bad ? 1 : 0);
