using Dpfah.Benchmarks;
using Dpfah.Learning.Native;
using Spectre.Console;

var verbs = new Dictionary<string, (string Usage, Func<string[], int> Run)>
{
    ["build-sample"] = ("[[IDX-FOLDER [[PATH]]]]: write the bundled sample anew", BuildSample.Run),
    ["first-model-choices"] = ("[[BLOCKS:RESIZE/CROP]]...: retrieval with each network and input size", FirstModelChoices.Run),
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
