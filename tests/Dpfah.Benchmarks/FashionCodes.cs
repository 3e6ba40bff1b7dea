using System.Globalization;
using Dpfah.Core.Models;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Models;
using Dpfah.Learning.Networks;
using static TorchSharp.torch;

namespace Dpfah.Benchmarks;

/// <summary>Codes of real pictures: all of Fashion-MNIST under the demo's model, repeated with 1 % of the bits flipped.</summary>
internal static class FashionCodes
{
    private const int Bits = 64;
    private const double Flip = 0.01;
    private const int Seed = 1;

    /// <summary><c>COUNT QUERIES FOLDER [DATASET-FOLDER]</c>; writes <c>codes.bin</c> and <c>queries.bin</c>.</summary>
    public static int Run(string[] args)
    {
        if (args.Length is not (3 or 4))
        {
            Console.Error.WriteLine("index-fashion COUNT QUERIES FOLDER [DATASET-FOLDER]");
            return 1;
        }

        Write(
            int.Parse(args[0], CultureInfo.InvariantCulture), int.Parse(args[1], CultureInfo.InvariantCulture),
            args[2], args.ElementAtOrDefault(3) ?? FashionMnist.DebianFolder);
        return 0;
    }

    /// <summary>Writes the files; the codes of the pictures themselves stay beside them, since they take minutes.</summary>
    public static void Write(int count, int queries, string folder, string dataset)
    {
        Directory.CreateDirectory(folder);
        string pictures = Path.Combine(folder, "pictures.bin");
        if (!File.Exists(pictures))
        {
            Encode(FashionMnist.Load(dataset)).Write(pictures);
        }

        RawCodes own = RawCodes.Read(pictures, Bits);
        var random = new Random(Seed);
        Repeat(count, i => i % own.Count).Write(Path.Combine(folder, "codes.bin"));
        Repeat(queries, _ => random.Next(own.Count)).Write(Path.Combine(folder, "queries.bin"));

        RawCodes Repeat(int wanted, Func<int, int> picture)
        {
            var codes = new RawCodes(Bits, wanted);
            for (int i = 0; i < wanted; i++)
            {
                own[picture(i)].CopyTo(codes[i]);
                IndexData.Flip(codes[i], Bits, Flip, random);
            }

            return codes;
        }
    }

    private static RawCodes Encode(FashionMnist pool)
    {
        ModelFiles files = FashionModel.Files;
        ModelHead head = ModelHead.Read(files.HeadPath);
        using ResNet18 network = BackboneFile.Load(files.BackbonePath, head.Description.Backbone.Attention);
        using var extractor = new FeatureExtractor(
            new InferenceBackbone(network, CPU), new NetworkInput(Network.Decoder, head.Description.Preprocessing));
        var pictures = new PictureSet(pool.ToDataset(), [.. Enumerable.Range(0, pool.Count)]);
        int told = 0;
        using Tensor features = extractor.Extract(pictures, Tell, CancellationToken.None);
        CodeSet set = CodeSet.Of(features, head.HashLayer, head.Signature);
        var codes = new RawCodes(Bits, pool.Count);
        for (int i = 0; i < pool.Count; i++)
        {
            set.Codes[i].Words.CopyTo(codes[i]);
        }

        return codes;

        void Tell(double share)
        {
            while (share >= (told + 1) / 10.0)
            {
                Console.Error.WriteLine($"{++told}0 % of {pool.Count:N0} pictures encoded");
            }
        }
    }
}
