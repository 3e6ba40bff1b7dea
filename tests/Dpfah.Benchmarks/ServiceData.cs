using System.Globalization;
using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Core.Models;
using Dpfah.Engine.Data;
using Dpfah.Engine.Models;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Native;

namespace Dpfah.Benchmarks;

/// <summary>What both sides of <c>compare-service.sh</c> share: a catalogue in PostgreSQL, the model's files, and queries.</summary>
internal static class ServiceData
{
    /// <summary>The collection.</summary>
    public const string Collection = "load";

    /// <summary>A query code in hex a line.</summary>
    public const string CodesFile = "codes.txt";

    /// <summary>Folder of query pictures.</summary>
    public const string PicturesFolder = "pictures";

    private const int QueryCodes = 4_096;

    // Queries that are no item: numbers beyond any catalogue.
    private const long FirstQuery = 1L << 40;

    /// <summary><c>--connection STRING --folder FOLDER [--codes 1000000] [--pictures 2000]</c>: of a superuser, and an empty database.</summary>
    public static int Run(string[] args)
    {
        if (NamedOptions.Read(args, new() { ["connection"] = "", ["folder"] = "", ["codes"] = "1000000", ["pictures"] = "2000" }) is not { } options)
        {
            return 1;
        }

        if (options["connection"].Length == 0 || options["folder"].Length == 0)
        {
            Console.Error.WriteLine("--connection is that of a superuser to an empty PostgreSQL database, --folder where model and queries are written.");
            return 1;
        }

        RunAsync(options).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task RunAsync(NamedOptions options)
    {
        string folder = Directory.CreateDirectory(options["folder"]).FullName;
        var data = new LoadData(FirstModel.DefaultBits);
        var first = new FirstModel(Network.Decoder, TorchDevice.Choose("cpu"));
        ModelFiles files = first.Create(folder, null, CancellationToken.None);
        File.Copy(files.HeadPath, Path.Combine(folder, "head.safetensors"), overwrite: true);
        EncoderIdentity identity;
        await using (IImageEncoder encoder = FirstEncoder.Open(new EncoderOptions()))
        {
            identity = encoder.Identity;
        }

        await using (var database = new PostgresDatabase(options["connection"]))
        {
            await database.PrepareAsync(CancellationToken.None);
            await data.EnsureAsync(database, new ModelStore(database, first, TimeProvider.System), Collection, options.Number("codes"), identity);
        }

        File.WriteAllLines(Path.Combine(folder, CodesFile), Enumerable.Range(0, QueryCodes).Select(i =>
        {
            ulong[] code = new ulong[BinaryCode.WordsFor(FirstModel.DefaultBits)], signature = new ulong[BinaryCode.WordsFor(ImageCode.SignatureBits)];
            data.Words(FirstQuery + i, code, signature);
            return Convert.ToHexStringLower(BitConverter.GetBytes(code[0]));
        }));

        string pictures = Directory.CreateDirectory(Path.Combine(folder, PicturesFolder)).FullName;
        IReadOnlyList<Picture> sample = Picture.Sample();
        Parallel.For(0, options.Number("pictures"), i => File.WriteAllBytes(
            Path.Combine(pictures, i.ToString("00000", CultureInfo.InvariantCulture) + ".jpg"), Distortion.Variant(sample[i % sample.Count].Bytes, i)));
    }
}
