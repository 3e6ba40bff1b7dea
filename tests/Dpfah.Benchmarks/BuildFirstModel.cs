using Dpfah.Learning.Encoders;
using Dpfah.Learning.Models;
using Dpfah.Learning.Native;
using Spectre.Console;

namespace Dpfah.Benchmarks;

/// <summary>Fits the head that the assembly carries.</summary>
internal static class BuildFirstModel
{
    public static int Run(string[] args)
    {
        string path = args.ElementAtOrDefault(0) ?? $"src/Dpfah.Learning/Assets/itq-{FirstModel.DefaultBits}.safetensors";
        string backbone = Path.Combine(Path.GetTempPath(), $"dpfah-imagenet-{FirstModel.LastStageBlocks}.safetensors");
        ImageNetBackbone.Write(FirstModel.LastStageBlocks, backbone);
        ModelHead head = AnsiConsole.Progress().Start(context =>
        {
            ProgressTask task = context.AddTask("Computing features of the sample", maxValue: 1);
            return new FirstModel(Network.Decoder, TorchDevice.Choose("cpu")).Fit(backbone, new Bar(task), CancellationToken.None);
        });
        head.Write(path);
        AnsiConsole.WriteLine(head.Description.ToJson());
        return 0;
    }

    private sealed class Bar(ProgressTask task) : IProgress<(string Step, double Done)>
    {
        public void Report((string Step, double Done) value) => task.Value = value.Done;
    }
}
