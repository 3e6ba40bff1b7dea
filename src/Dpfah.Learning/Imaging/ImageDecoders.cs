using System.Reflection;

namespace Dpfah.Learning.Imaging;

/// <summary>The decoders, by the name that a setting gives.</summary>
public static class ImageDecoders
{
    /// <summary>Skia: native, the faster one, and the default.</summary>
    public const string Skia = "skia";

    /// <summary>ImageSharp: managed code only, for operators who do not want native code to read hostile bytes.</summary>
    public const string ImageSharp = "imagesharp";

    /// <summary>The names that <see cref="Create"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = [Skia, ImageSharp];

    /// <summary>Makes a decoder.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <exception cref="ArgumentException">No such decoder.</exception>
    public static IImageDecoder Create(string name) => name switch
    {
        Skia => new SkiaDecoder(),
        ImageSharp => new ImageSharpDecoder(),
        _ => throw new ArgumentException($"There is no decoder '{name}'; choose one of {string.Join(", ", Names)}.", nameof(name)),
    };

    /// <summary>A decoder's name with the version of its library, which is part of the identity of codes.</summary>
    internal static string WithVersion(string name, Type libraryType)
    {
        string version = libraryType.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        return $"{name}/{version.Split('+')[0]}";
    }
}
