using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Dpfah.Api.Hosting;
using Dpfah.Core.Imaging;
using Dpfah.Core.Models;
using Dpfah.Engine.Jobs;
using Dpfah.Learning.Imaging;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.TestHost;

/// <summary>The seam of the tests: real previews, and codes that are a hash of the preview instead of a network's.</summary>
public static class HashEncoding
{
    /// <summary>Name of the first model.</summary>
    public const string FirstModel = "hash-64";

    /// <summary>Parameter of a model: how many milliseconds a picture takes it, one picture at a time.</summary>
    public const string TimeParameter = "encode_ms";

    /// <summary>Parameter of a model: text that is hashed with the preview, so that its codes are others than those of models without.</summary>
    public const string SaltParameter = "salt";

    /// <summary>Parameter of a model: with any value its encoder cannot explain.</summary>
    public const string MuteParameter = "mute";

    /// <summary>What encoders of this process wait for before each picture, by their salts.</summary>
    public static ConcurrentDictionary<string, Task> Gates { get; } = new();

    /// <summary>The code that a model gives a preview.</summary>
    /// <param name="previewJpeg">The preview.</param>
    /// <param name="salt">The model's salt; empty for none.</param>
    /// <param name="bits">Length of its codes.</param>
    public static ImageCode CodeOf(ReadOnlySpan<byte> previewJpeg, string salt, int bits) => HashEncoder.Hash(previewJpeg, salt, bits, 0);

    /// <summary>Registers the seam.</summary>
    public static void Add(IServiceCollection services, ServiceOptions options)
    {
        services.AddSingleton<IPreviewMaker>(_ => new MortalPreviewMaker(new PreviewMaker(ImageDecoders.Create(options.Decoder)), MortalPreviewMaker.IsAsked));
        services.AddSingleton<IImageEncoderFactory>(new HashEncoderFactory(options.Decoder));
        services.AddSingleton<IFirstModel, HashFirstModel>();
        services.AddSingleton<IJobHandler, CountingJob>();
    }

    private sealed class HashEncoderFactory(string decoder) : IImageEncoderFactory
    {
        public IImageEncoder Open(ModelFiles files)
        {
            var model = ModelDescription.FromJson(SafetensorsFile.Open(files.HeadPath).Metadata[ModelDescription.MetadataKey]);
            double time = model.Parameters.TryGetValue(TimeParameter, out string? text) ? double.Parse(text, CultureInfo.InvariantCulture) : 0;
            string salt = model.Parameters.GetValueOrDefault(SaltParameter, "");
            if (Environment.GetEnvironmentVariable(BatchedHashEncoder.TimeVariable) is { Length: > 0 } batched)
            {
                return new BatchedHashEncoder(decoder, salt, model.Bits, TimeSpan.FromMilliseconds(double.Parse(batched, CultureInfo.InvariantCulture)));
            }

            return model.Parameters.ContainsKey(MuteParameter)
                ? new HashEncoder(decoder, salt, model.Bits, TimeSpan.FromMilliseconds(time))
                : new ExplainingHashEncoder(decoder, salt, model.Bits, TimeSpan.FromMilliseconds(time), model.Backbone.Attention);
        }
    }

    /// <summary>Writes a model of the right form: two files with one number each.</summary>
    /// <param name="folder">An existing folder.</param>
    /// <param name="description">What the model is; its backbone's digest is put in.</param>
    /// <param name="backbone">The number of the backbone: that of the first model unless given.</param>
    public static ModelFiles Write(string folder, ModelDescription description, float backbone = 1)
    {
        var files = new ModelFiles(Path.Combine(folder, "backbone.safetensors"), Path.Combine(folder, "head.safetensors"));
        Write(files.BackbonePath, "", backbone);
        using (FileStream stream = File.OpenRead(files.BackbonePath))
        {
            description = description with { Backbone = description.Backbone with { Digest = SafetensorsFile.Read(stream).Digest(stream) } };
        }

        Write(files.HeadPath, System.Text.Json.JsonSerializer.Serialize(description.ToJson()), 1);
        return files;
    }

    private static void Write(string path, string description, float number)
    {
        const string Tensor = "\"one\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}";
        string metadata = description.Length == 0 ? "" : $"\"__metadata__\":{{\"{ModelDescription.MetadataKey}\":{description}}},";
        byte[] header = Encoding.UTF8.GetBytes("{" + metadata + Tensor + "}");
        using FileStream stream = File.Create(path);
        using var writer = new BinaryWriter(stream);
        writer.Write((ulong)header.Length);
        writer.Write(header);
        writer.Write(number);
    }

    private sealed class HashFirstModel : IFirstModel
    {
        public string Name => FirstModel;

        public ModelFiles Create(string folder, IProgress<(string Step, double Done)>? progress, CancellationToken cancellationToken) => Write(
            folder,
            new ModelDescription
            {
                Name = Name,
                Method = "random",
                Bits = 64,
                Backbone = new BackboneDescription("resnet18", 2, false, ""),
                Preprocessing = new Preprocessing(256, 224, [0, 0, 0], [1, 1, 1]),
            });
    }
}
