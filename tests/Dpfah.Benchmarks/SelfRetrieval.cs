using Spectre.Console;

namespace Dpfah.Benchmarks;

/// <summary>Sends pictures of the demo's collection to a running service: as they are, and enlarged and compressed anew.</summary>
internal static class SelfRetrieval
{
    private const int Pictures = 200;

    public static int Run(string[] args)
    {
        if (args.Length != 1)
        {
            AnsiConsole.WriteLine("usage: self-retrieval ADDRESS     (start the demo first)");
            return 2;
        }

        using var client = new SampleClient(args[0]);
        IReadOnlyList<Picture> sample = Picture.Sample();
        Picture[] chosen = [.. Enumerable.Range(0, Pictures).Select(i => sample[i * sample.Count / Pictures])];
        Table table = Tables.Create(["picture sent", "itself first", "itself among the first 10"]);
        Measure("unchanged", picture => picture);
        foreach (Distortion distortion in Distortion.OfSmallPictures)
        {
            Measure(distortion.Name + ", JPEG 80", distortion.ApplyTo);
        }

        Tables.Show("self-retrieval", table, $"{Pictures} pictures of the demo's 2,000 sent to POST /search of the running demo.");
        return 0;

        void Measure(string name, Func<byte[], byte[]> alter)
        {
            int first = 0, amongTen = 0;
            foreach (Picture picture in chosen)
            {
                string[] found = client.SearchAsync(alter(picture.Bytes), 10).GetAwaiter().GetResult();
                first += found[0] == picture.Id ? 1 : 0;
                amongTen += found.Contains(picture.Id) ? 1 : 0;
            }

            table.AddRow(name, $"{first / (double)Pictures:P1}", $"{amongTen / (double)Pictures:P1}");
        }
    }
}
