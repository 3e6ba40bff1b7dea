using Dpfah.Benchmarks;
using Dpfah.Learning.Native;
using Spectre.Console;

var verbs = new Dictionary<string, (string Usage, Func<string[], int> Run)>
{
    ["build-sample"] = ("[[IDX-FOLDER [[PATH]]]]: write the bundled sample anew", BuildSample.Run),
    ["build-first-model"] = ("[[PATH]]: fit the bundled head anew", BuildFirstModel.Run),
    ["first-model-choices"] = ("[[BLOCKS:RESIZE/CROP]]... [[DIR]]...: retrieval with each network and input size", FirstModelChoices.Run),
    ["hash-methods"] = (": retrieval of ITQ, PCA signs and random projections by length of the code", HashMethods.Run),
    ["preview-cost"] = ("[[DIR]]...: time and retrieval that the JPEG preview costs, on the sample and on photos", PreviewCost.Run),
    ["decoding"] = ("[[DIR]]...: time and memory that decoding in other processes costs, on the sample, made pictures and photos", DecodingCost.Run),
    ["robustness"] = ("DIR...: whether altered photos find their originals", Robustness.Run),
    ["self-retrieval"] = ("ADDRESS: whether the demo's pictures find themselves, as they are and altered", SelfRetrieval.Run),
    ["metrics"] = (": time of all retrieval metrics against sorting the database for each query", MetricsSpeed.Run),
    ["memory"] = ("ADDRESS PROCESS-ID [[PICTURES]]: memory of a service under 10,000 searches", MemoryRun.Run),
    ["forward"] = ("[[--sides 224,128,64]] [[--batches 1,8,32]] [[--threads 1,2]] [[--rounds 5]]: the network alone against libtorch, ONNX Runtime and PyTorch, in turn", ForwardSpeed.Run),
    ["forward-codes"] = (": bits of codes that differ between the network's kernels and libtorch, and what that costs", ForwardCodes.Run),
    ["decode"] = ("--photos FOLDER [[--rounds 5]] [[--repeats 7]]: from photos to pixels of previews against Pillow; called by compare-decoder.sh", DecodeSpeed.Run),
    ["training"] = (": training step and encoding against PyTorch, in turn", TrainingSpeed.Run),
    ["index"] = ("--codes FILE --queries FILE [[--k 10,1000]] [[--batch 1,256]] ...: search of the index on raw files, as JSON lines", IndexSpeed.Run),
    ["index-data"] = ("KIND BITS COUNT QUERIES FOLDER: raw files of codes, uniform, around centres or skewed", IndexData.Run),
    ["index-fashion"] = ("COUNT QUERIES FOLDER [[DATASET-FOLDER]]: raw files of codes of real pictures", FashionCodes.Run),
    ["index-turns"] = ("--codes FILE --queries FILE ...: the index as one side of index-compare", IndexTurns.Run),
    ["index-compare"] = ("...: the index against FAISS; called by compare-index.sh", IndexComparison.Run),
    ["index-kernels"] = ("[[--codes 1000000]] [[--bits 64,128]] [[--repeats 5]]: what each kernel is worth in a scan, as a Markdown table", IndexKernels.Run),
    ["index-updates"] = ("--codes FILE --queries FILE [[--rate 100000]] ...: lone queries beside updates", IndexUpdates.Run),
    ["index-sweep"] = ("[[--bits 16,64]] [[--sizes ...]] [[--minutes 10]] ...: the index's choice of path against each path forced", IndexSweep.Run),
    ["duplicates"] = ("[[--codes 1000000]] [[--bits 64]] [[--distances 0,2,4,8]] [[--kinds uniform,deep100,...]]: near duplicates of so many codes, and their health", DuplicatesSpeed.Run),
    ["load"] = ("--codes N --provider postgres|sqlite --connection STRING-OR-FOLDER [[--bits 64]]: from the service's tables to an index that answers", LoadSpeed.Run),
    ["import"] = ("--connection STRING-OR-FOLDER [[--provider sqlite|postgres]] [[--pictures 5000]] [[--encoder real|fake]] [[--isolate yes|no]] [[--searches 0]] [[--queries 0]]: an import against the bare encoder", ImportSpeed.Run),
    ["nodes"] = ("[[--nodes 1,2,3]] [[--pictures 3000]] [[--program PATH]] [[--milliseconds 0]] [[--threads 1]]: an import and searches of one, two and three nodes, as deploy/native.sh starts them", NodesSpeed.Run),
    ["service-data"] = ("--connection STRING --folder FOLDER [[--codes 1000000]]: a catalogue, the model's files and queries for service-compare", ServiceData.Run),
    ["service-compare"] = ("...: the service against one in Python; called by compare-service.sh", ServiceComparison.Run),
    ["growth"] = ("--folder DIR --photos DIR [[--items 10000,...]] [[--megapixels 0.1,...]]: latency and memory as the catalogue and the pictures grow, with plots", GrowthCurves.Run),
    ["shard-hop"] = ("[[--nodes 3]] [[--codes 1000000]] [[--shards 1,8]] [[--queries 2000]] [[--rounds 3]] [[--k 20]]: searches of a cluster of nodes, the collection whole and in shards by turns", ShardHop.Run),
    ["page"] = ("ADDRESS: what one waits for on the web page of a running demo", PageSpeed.Run),
    ["page-pictures"] = ("ADDRESS [[FOLDER]]: the README's pictures of the web page, from a running demo", PagePictures.Run),
    ["encoder"] = (": pictures a second by batch size and threads", EncoderSpeed.Run),
};

if (args.Length > 0 && verbs.TryGetValue(args[0], out var verb))
{
    TorchRuntime.Initialize(Environment.ProcessorCount);
    return verb.Run(args[1..]);
}

foreach ((string name, (string usage, _)) in verbs)
{
    AnsiConsole.MarkupLine($"[bold]{name}[/] {usage}");
}

return 1;
