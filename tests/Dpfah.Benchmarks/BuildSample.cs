using Dpfah.Learning.Datasets;
using Spectre.Console;

namespace Dpfah.Benchmarks;

/// <summary>Writes the bundled sample anew from the full data set.</summary>
internal static class BuildSample
{
    public static int Run(string[] args)
    {
        string folder = args.ElementAtOrDefault(0) ?? FashionMnist.DebianFolder;
        string path = args.ElementAtOrDefault(1) ?? "src/Dpfah.Learning/Assets/fashion-mnist-sample.zip";
        FashionSample.Build(folder, path);
        AnsiConsole.MarkupLineInterpolated($"{path}: {new FileInfo(path).Length:N0} bytes");
        return 0;
    }
}
